// Print the seal of an image, as Bio-Formats reads it from Exif: for Fiji, or ImageJ with Bio-Formats.
// In Fiji: Plugins > Macros > Run...; from a terminal: fiji --headless -macro read_seal.ijm FILE
run("Bio-Formats Macro Extensions");
path = getArgument();
if (path == "") path = File.openDialog("A sealed JPEG file");
Ext.setId(path);
Ext.getMetadataValue("User Comment", record);
Ext.getMetadataValue("Unique Image ID", identity);
Ext.close();
if (indexOf("" + record, "\"seal\":") < 0) exit("no seal in " + path);
print("identity " + identity);
print("record " + record);
